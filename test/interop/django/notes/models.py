"""One ordinary model."""

from django.conf import settings
from django.db import models


class Note(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    title = models.SlugField(unique=True)
    text = models.TextField(blank=True)
