"""The routes, by noun. Each reads the request, asks the store, the queue or the office, and writes the answer; nothing is decided here."""
