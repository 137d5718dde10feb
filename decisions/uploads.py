"""How large may a file be that somebody uploads, and who stops it?"""

import io
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MEGABYTE = 1024 * 1024
USUAL_MOST_BYTES = 10 * MEGABYTE
# A request up to this is read to its end, so that the form can say which file is too large and keep
# what was typed; a larger one is refused unread.
MOST_TOO_LARGE_BYTES = 50 * MEGABYTE


class Bounded(FileUploadHandler):
    """Stands before the handlers that store a file, and stores nothing of one that grows too large."""

    _seen = 0

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        """Refuse by the length that was announced, before a byte is read."""
        if content_length > self._most_bytes() + MOST_TOO_LARGE_BYTES:
            raise RequestDataTooBig("the upload is larger than this page takes")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Count each file of the request for itself."""
        super().new_file(*args, **kwargs)
        self._seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Hand the bytes on, until there are too many; those are read and dropped."""
        self._seen += len(raw_data)
        return None if self._seen > self._most_bytes() else raw_data

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        """Leave the file to the handlers behind this one, or hand on the true size without content.

        A form that checks the size says so beside its field.
        """
        if self._seen <= self._most_bytes():
            return None
        return InMemoryUploadedFile(
            file=io.BytesIO(),
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type or "",
            size=self._seen,
            charset=self.charset,
        )

    def _most_bytes(self) -> int:
        # Only the page for usage takes large files.
        path = self.request.path if self.request is not None else ""
        is_usage = path.startswith("/decisions/") and path.endswith("/usage/")
        return settings.USAGE_UPLOAD_MOST_MB * MEGABYTE if is_usage else USUAL_MOST_BYTES
