"""How containers reach each other, the host reaches them, and they reach the outside."""
