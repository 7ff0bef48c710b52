"""The HTTP API: JSON in, JSON out.

    auth -> route -> permission -> parsing -> view -> presentation -> response

This package turns requests into calls of `appliance.editing` and `appliance.store`, and their results and errors into
responses. It decides nothing about DNS and knows neither nameservers nor the deployer: it reads what the deployer
stored.
"""
