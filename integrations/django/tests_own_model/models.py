"""A user model as Django's documentation shows it: e-mail addresses, UUIDs, and rights that are properties."""

import uuid

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


class Manager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class Company(models.Model):
    name = models.CharField(max_length=50)


class Person(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.BigIntegerField(unique=True, null=True)
    email = models.EmailField(unique=True)
    is_admin = models.BooleanField(default=False)
    phone = models.CharField(max_length=30, blank=True)
    company = models.ForeignKey(Company, null=True, on_delete=models.SET_NULL)

    objects = Manager()
    USERNAME_FIELD = "email"

    @property
    def is_staff(self):
        return self.is_admin


class Employee(Person):
    """A child model: its rows have a row of Person each."""

    desk = models.CharField(max_length=10)


class ActivePerson(Person):
    class Meta:
        proxy = True
