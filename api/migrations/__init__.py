"""The steps from one form of the tables to the next; run by `Database.migrate`, never by hand."""
