import unittest

from app import double


class AppTest(unittest.TestCase):
    def test_double(self):
        self.assertEqual(double(2), 4)
