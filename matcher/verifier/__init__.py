"""The verifier's parts: a plan read against its problem, the rules by what they are about, the cost added up. `matcher.check` is the front.

May import the domain (problem, plan, people, fields, rules, visits, travel, errors) and plain Python.
Nothing here ever reaches what compiles, searches or decodes.
"""
