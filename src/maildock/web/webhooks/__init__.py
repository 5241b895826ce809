"""Where vendors notify us: authenticate, write down what came, answer; mail is never fetched in the request."""
