"""Every test runs with the compatibility layer that our tools switch on."""

from mmkbdm import compat

compat.activate()
