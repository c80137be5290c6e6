import unittest

from app import greet


class Greeting(unittest.TestCase):
    def test_it_is_polite(self):
        self.assertEqual(greet("Ada"), "Hello, Ada!")

    def test_it_names_everybody(self):
        self.assertIn("Grace", greet("Grace"))
