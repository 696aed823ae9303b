"""The demonstration: a campaign as it stands after some months, told through the verbs.

`manage.py demo` calls `stories.demo.stage.perform`. People and texts come from the JSON files beside
this module and are fiction; ZIP codes and institutions are real, so that places can be matched.
"""
