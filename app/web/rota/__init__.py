"""The rota's pages: who is there when, who replaces whom, how alerts climb, whether the road works."""
