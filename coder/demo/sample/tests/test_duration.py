import unittest

from timebox import format_duration, parse_duration


class ParseTest(unittest.TestCase):
    def test_units_add_up(self):
        self.assertEqual(parse_duration("1h 30m"), 5400)

    def test_nonsense_is_refused(self):
        with self.assertRaises(ValueError):
            parse_duration("soon")


class FormatTest(unittest.TestCase):
    def test_seconds_alone(self):
        self.assertEqual(format_duration(45), "45s")

    def test_zero(self):
        self.assertEqual(format_duration(0), "0s")

    def test_hours_and_minutes(self):
        self.assertEqual(format_duration(5400), "1h 30m")

    def test_what_is_parsed_prints_the_same(self):
        for text in ("45s", "12m", "1h 5m", "2d 3h 4m 5s"):
            self.assertEqual(format_duration(parse_duration(text)), text)
