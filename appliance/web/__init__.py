"""What API and console share: the parts of an application, its front doors, its limits, and the watch over deployments.

    parts            what the calls and pages of one application work with
    front_doors      which protocol a path belongs to
    bearer           who bears the token of a request, and whether that is an operator
    limits           how fast one may ask, and fail
    paging           which page of a list is shown, and the links to its neighbours
    hosts            by which names the appliance may be called
    waiting          until a change is seen served
    refusals         which HTTP status an error has
    error_responses  errors as JSON, where no other front door answers them

It knows no shape of the API but that of errors, and no page.
"""
