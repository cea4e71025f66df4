"""Where the parts are put together: command line, settings, the worker, the local runtime."""
