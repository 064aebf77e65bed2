"""Uploads in pieces."""

from __future__ import annotations

from service.problems.problem import Problem


class ProtocolVersionUnsupported(Problem):
    """The request is not in the version of the upload protocol that this service speaks."""

    slug, title, status = "protocol-version-unsupported", "Protocol version unsupported", 412
    remedy = "Send Tus-Resumable: 1.0.0; the Tus-Version header of this answer lists what is spoken."


class MediaTypeUnsupported(Problem):
    """A piece of an upload has another content type than application/offset+octet-stream."""

    slug, title, status = "media-type-unsupported", "Media type unsupported", 415
    remedy = "Send the piece as application/offset+octet-stream, not encoded or wrapped."


class LengthRequired(Problem):
    """An upload has to say its length before it is sent, and so has each piece of it."""

    slug, title, status = "length-required", "Length required", 411
    remedy = "Send Upload-Length when the upload begins and Content-Length with each piece."


class UploadQuotaExceeded(Problem):
    """Your unfinished uploads are as many, or hold as much, as this service keeps for you."""

    slug, title, status = "upload-quota-exceeded", "Upload quota exceeded", 413
    remedy = "Finish or end the uploads that you began, or wait until they expire; then begin this one."


class OffsetDiffers(Problem):
    """The upload does not stand where this piece begins."""

    slug, title, status = "offset-differs", "Offset differs", 409
    remedy = "Ask for the offset with HEAD and go on from there; tre-provider submit does."


class UploadLocked(Problem):
    """Another request is at work on this upload."""

    slug, title, status = "upload-locked", "Upload locked", 423
    remedy = "Wait until it has ended, ask for the offset with HEAD, and go on from there."


class ChecksumDiffers(Problem):
    """The piece does not have the checksum that was sent with it; nothing of the piece was kept."""

    slug, title, status = "checksum-differs", "Checksum differs", 460
    remedy = "Send the piece again."


class ChecksumUnusable(Problem):
    """The checksum is not a digest in base64 of an algorithm that this service knows."""

    slug, title, status = "checksum-unusable", "Checksum unusable", 400
    remedy = "Send Upload-Checksum: sha256 and the digest in base64; sha1 is known too."


class UploadIncomplete(Problem):
    """The upload has not come in whole yet."""

    slug, title, status = "upload-incomplete", "Upload incomplete", 409
    remedy = "Send the rest first; `offset` says where it stands and `length` where it ends."
