"""A certbot plugin that answers DNS challenges with dns-appliance, which reports when a record is served."""
