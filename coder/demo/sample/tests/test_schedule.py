import unittest

from timebox import Block, total


class TotalTest(unittest.TestCase):
    def test_short_blocks(self):
        self.assertEqual(total([Block("standup", "15m"), Block("mail", "20m")]), "35m")

    def test_a_full_morning(self):
        self.assertEqual(total([Block("review", "45m"), Block("pairing", "2h"), Block("mail", "30m")]), "3h 15m")
