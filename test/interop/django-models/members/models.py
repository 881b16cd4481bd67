"""User models as projects have them, of which AUTH_USER_MODEL picks one: two of them cannot share Group.user_set."""

import uuid

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AbstractUser, BaseUserManager, PermissionsMixin
from django.db import models


class Company(models.Model):
    name = models.CharField(max_length=100)


if settings.AUTH_USER_MODEL == "members.Plain":

    class Plain(AbstractUser):
        phone = models.CharField(max_length=30, blank=True)


if settings.AUTH_USER_MODEL == "members.Address":

    class Address(AbstractBaseUser):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
        email = models.EmailField(unique=True)
        is_active = models.BooleanField(default=True)
        company = models.ForeignKey(Company, null=True, on_delete=models.PROTECT)
        objects = BaseUserManager()
        USERNAME_FIELD = "email"


if settings.AUTH_USER_MODEL == "members.Coded":

    class Coded(AbstractBaseUser, PermissionsMixin):
        code = models.CharField(primary_key=True, max_length=40)
        handle = models.CharField(max_length=60, unique=True)
        company = models.ForeignKey(Company, on_delete=models.PROTECT, default=1)
        objects = BaseUserManager()
        USERNAME_FIELD = "handle"
