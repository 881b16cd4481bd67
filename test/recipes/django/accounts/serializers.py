from dj_rest_auth.registration.serializers import RegisterSerializer


class Registration(RegisterSerializer):
    """dj-rest-auth's own asks for a username, also where the user model has none."""

    username = None
