"""Which product, and which formulas, made a figure?"""

PRODUCT_VERSION = "0.1.0"
# Goes up when the same inputs give other figures; records name the one they were made with.
FORMULA_VERSION = "2026.1"
