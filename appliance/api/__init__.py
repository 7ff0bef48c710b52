"""The HTTP API: JSON in, JSON out.

    access -> route -> permission -> body -> view -> presentation -> answer

This room turns requests into calls of `appliance.editing` and `appliance.store`, and what they give or refuse
into answers. It decides nothing about DNS, and it knows no nameserver and no deployer: it reads what the
deployer wrote down.
"""
