"""Why the build cache missed: two records of builds side by side, step by step."""
