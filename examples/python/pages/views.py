from django.http import HttpResponse


def hello(request, name="world"):
    return HttpResponse(f"Hello, {name}\n", content_type="text/plain")
