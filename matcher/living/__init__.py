"""Living with a plan after it is published: planning again after an event, slots for one more need, the caller's own edits judged.

It may import the whole engine, its explanations and the verifier; nothing in the engine imports it. The `Desk` keeps a week warm.
What it answers has been verified, or says which rules it breaks.
"""
