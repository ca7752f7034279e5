"""The rules that decide what needs whose approval, as data."""
