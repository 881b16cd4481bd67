"""Django: request.caller has the claims of the gateway's assertion, or is None."""

from django.conf import settings
from django.http import JsonResponse
from gateway_assertion import read_assertion
from jwt import PyJWTError


class GatewayCallerMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.caller = None
        assertion = request.headers.get("X-Gateway-Assertion")
        if assertion is not None:
            try:
                request.caller = read_assertion(assertion, **settings.GATEWAY_ASSERTION)
            except PyJWTError:
                return JsonResponse({"detail": "This did not come through the gateway."}, status=401)
        return self.get_response(request)
