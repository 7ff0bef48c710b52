"""The console: pages made on the server, over the same functions as the API; each works without JavaScript.

    site        the room put together: its pages, files and errors
    pages       the blueprint, and how a page is shown
    visitor     who asks: the session behind a cookie, and the token that every form carries
    forms       what a form brought, and what is wrong with it at each field
    entry       sign in and out, invitations
    account     password, second factor, sessions
    developers  API tokens
    people      for operators: who has an account, and who is invited

A page reads the store and asks `appliance.people` and `appliance.editing` for every write. It knows no nameserver.
"""
