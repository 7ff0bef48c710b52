"""What API and console share: the parts of an application, its limits, and the watch over deployments.

    parts      what the calls and pages of one application work with
    limits     how fast one may ask, and fail
    paging     which page of a list is shown, and the links to its neighbours
    hosts      by which names the appliance may be called
    waiting    until a change is seen served
    refusals   which HTTP status an error has

It knows no JSON and no page.
"""
