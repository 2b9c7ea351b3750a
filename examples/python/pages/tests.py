from django.test import SimpleTestCase


class HelloTest(SimpleTestCase):
    def test_greets_the_world(self):
        self.assertEqual(self.client.get("/").content, b"Hello, world\n")

    def test_greets_by_name(self):
        self.assertEqual(self.client.get("/Ada").content, b"Hello, Ada\n")
