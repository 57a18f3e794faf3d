"""What we know: firms, clients, cases, documents, and everything that keeps them safe."""
