"""The Weihai weeks: `scenarios.weihai.week.make_week` lays synthetic people and needs over the real communities of Weihai.

May import `matcher` and the standard library. Modules in the order of a week: atlas, geography, sizes, venues, needs, people, hours, fits, ties.
Never here: unseeded chance, a clock, or anything that differs between machines.
"""
