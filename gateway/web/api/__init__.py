"""The endpoints, one module a subject; `gateway.web.app` lists them."""
