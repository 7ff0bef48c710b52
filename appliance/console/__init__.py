"""The console: pages made on the server, over the same functions as the API; each works without JavaScript.

    site        the room put together: its pages, files and errors
    pages       the blueprint, and how a page is shown
    visitor     who asks: the session behind a cookie, and the token that every form carries
    forms       what a form brought, and what is wrong with it at each field
    entry       sign in and out, invitations
    zones       the list of zones, a new one, its settings, its end
    records     the records of a zone, set by set, and their forms
    changes     what waits to be saved, and saving it
    kinds       the form of each record type
    pending     the draft behind it: what it holds, and what it comes to
    served      what each nameserver serves, and answers now
    dashboard   for operators: how everything fares, and who did what
    brief       texts and lists cut to what a page may weigh
    account     password, second factor, sessions
    developers  API tokens
    people      for operators: who has an account, and who is invited

A page reads the store, asks `appliance.identity` and `appliance.editing` for every write, and nameservers by plain
questions alone.
"""
