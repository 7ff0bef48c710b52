"""What the API and the console share: everything about HTTP that is specific to neither.

    context           the services that views use: store, editor, limits, clock
    front_doors       which protocol a path belongs to
    request_credentials the credential in the headers of a request
    bearer            the bearer token of a request, and whether an operator sent it
    host_names        the host names that requests may use
    middleware        client address and trailing slash, before Flask
    url_rules         rules of paths, which compile how to build a URL only when one is built
    http_hardening    requests and connections that the HTTP server refuses
    joined_task       responses sent with their header in one system call
    connections       open connections of each client
    connection_handoff sockets that listen, and connections handed to another process
    prefork           several server processes behind one listening socket
    fair_threads      the threads of the server, shared among clients
    idle_threads      which of the idle ones answers the next request
    rate_limits       limits on requests and failed authentications
    bucket_table      the memory of these limits, which processes share
    rate_headers      the headers that show these limits
    password_slots    how many passwords are verified at the same time
    paging            the requested page of a list, and links to its neighbours
    deployment_wait   waiting until a change is seen served
    error_status      the HTTP status of each error
    error_responses   errors as JSON, where no other front door answers them
    json_body         bodies of requests, and JSON in them
    refusal_log       refused requests in the log
    health            `/healthz`, `/readyz` and `/metrics`
    readiness         the problems that `/readyz` reports
    metrics           the metrics that `/metrics` exports
    shared_counters   counters of several processes
    watchdog          requests of our own that show that the server answers

It knows no JSON of the API but that of errors, and no page of the console.
"""
