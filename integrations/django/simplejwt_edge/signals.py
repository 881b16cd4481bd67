"""The signal of this app.

gateway_event is sent for every event of the gateway that is not older than the last one of its user, after the event
was applied. Arguments: `event` ("login", "logout", "refresh_reuse", "user_changed", "user_deleted"), `user` (None if
there is no such user here), `claims` (of the event) and `request` (that brought it).
"""

from django.dispatch import Signal

gateway_event = Signal()
