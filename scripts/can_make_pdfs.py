"""Can this machine make PDFs? Exits 0 when WeasyPrint finds Pango and a font to embed."""

import io
import sys

from pypdf import PdfReader
from weasyprint import HTML

made = PdfReader(io.BytesIO(HTML(string="<p>1,234</p>").write_pdf()))
if "1,234" not in made.pages[0].extract_text():
    sys.exit("WeasyPrint works, but this machine has no font.")
