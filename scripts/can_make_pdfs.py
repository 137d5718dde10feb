"""Can this machine make PDFs? Exits 0 when WeasyPrint finds Pango and a font to embed."""

import io
import sys

from pypdf import PdfReader
from weasyprint import HTML

page = PdfReader(io.BytesIO(HTML(string="<p>1,234</p>").write_pdf())).pages[0]
if not page["/Resources"].get("/Font"):
    sys.exit("WeasyPrint works, but this machine has no font.")
