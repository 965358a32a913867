"""What Earwitness calls of libpulse, the client library of PulseAudio, which PipeWire answers too.

Names and types are those of its headers (pulse/context.h, introspect.h, stream.h, thread-mainloop.h).
"""

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from functools import cache

from audio.errors import AudioError

CONTEXT_NOAUTOSPAWN = 0x0001
CONTEXT_READY, CONTEXT_FAILED, CONTEXT_TERMINATED = 4, 5, 6

STREAM_READY, STREAM_FAILED, STREAM_TERMINATED = 2, 3, 4
STREAM_DONT_MOVE = 0x0200
STREAM_ADJUST_LATENCY = 0x2000

SAMPLE_FLOAT32LE = 5
UNSET = 0xFFFFFFFF


class SampleSpec(ctypes.Structure):
    """`pa_sample_spec`."""

    _fields_ = (("format", c_int), ("rate", c_uint32), ("channels", c_uint8))


class ChannelMap(ctypes.Structure):
    """`pa_channel_map`."""

    _fields_ = (("channels", c_uint8), ("map", c_int * 32))


class Volume(ctypes.Structure):
    """`pa_cvolume`."""

    _fields_ = (("channels", c_uint8), ("values", c_uint32 * 32))


class BufferAttr(ctypes.Structure):
    """`pa_buffer_attr`, in bytes; `UNSET` leaves it to the server."""

    _fields_ = (
        ("maxlength", c_uint32),
        ("tlength", c_uint32),
        ("prebuf", c_uint32),
        ("minreq", c_uint32),
        ("fragsize", c_uint32),
    )


class ServerInfo(ctypes.Structure):
    """The beginning of `pa_server_info`."""

    _fields_ = (
        ("user_name", c_char_p),
        ("host_name", c_char_p),
        ("server_version", c_char_p),
        ("server_name", c_char_p),
        ("sample_spec", SampleSpec),
        ("default_sink_name", c_char_p),
        ("default_source_name", c_char_p),
    )


class DeviceInfo(ctypes.Structure):
    """The beginning of `pa_sink_info`, and of `pa_source_info`, which is like it.

    `monitor` is the source that hears a sink, or the sink that a source hears: `UNSET` for a microphone.
    """

    _fields_ = (
        ("name", c_char_p),
        ("index", c_uint32),
        ("description", c_char_p),
        ("sample_spec", SampleSpec),
        ("channel_map", ChannelMap),
        ("owner_module", c_uint32),
        ("volume", Volume),
        ("mute", c_int),
        ("monitor", c_uint32),
        ("monitor_name", c_char_p),
    )


class SinkInputInfo(ctypes.Structure):
    """The beginning of `pa_sink_input_info`: what a program plays."""

    _fields_ = (
        ("index", c_uint32),
        ("name", c_char_p),
        ("owner_module", c_uint32),
        ("client", c_uint32),
        ("sink", c_uint32),
        ("sample_spec", SampleSpec),
        ("channel_map", ChannelMap),
        ("volume", Volume),
        ("buffer_usec", c_uint64),
        ("sink_usec", c_uint64),
        ("resample_method", c_char_p),
        ("driver", c_char_p),
        ("mute", c_int),
        ("proplist", c_void_p),
        ("corked", c_int),
    )


NotifyCallback = CFUNCTYPE(None, c_void_p, c_void_p)
"""Given a context or a stream, and NULL."""
RequestCallback = CFUNCTYPE(None, c_void_p, c_size_t, c_void_p)
"""Given a stream, how many bytes may be read, and NULL."""
ServerCallback = CFUNCTYPE(None, c_void_p, POINTER(ServerInfo), c_void_p)
DeviceCallback = CFUNCTYPE(None, c_void_p, POINTER(DeviceInfo), c_int, c_void_p)
SinkInputCallback = CFUNCTYPE(None, c_void_p, POINTER(SinkInputInfo), c_int, c_void_p)
"""Of a list: given the context, one of it or NULL at its end, 0 or not 0 at its end, and NULL.

The structure is gone when the callback returns."""

_FUNCTIONS = {
    "pa_strerror": (c_char_p, [c_int]),
    "pa_proplist_gets": (c_char_p, [c_void_p, c_char_p]),
    "pa_operation_unref": (None, [c_void_p]),
    "pa_threaded_mainloop_new": (c_void_p, []),
    "pa_threaded_mainloop_get_api": (c_void_p, [c_void_p]),
    "pa_threaded_mainloop_start": (c_int, [c_void_p]),
    "pa_threaded_mainloop_stop": (None, [c_void_p]),
    "pa_threaded_mainloop_free": (None, [c_void_p]),
    "pa_threaded_mainloop_lock": (None, [c_void_p]),
    "pa_threaded_mainloop_unlock": (None, [c_void_p]),
    "pa_context_new": (c_void_p, [c_void_p, c_char_p]),
    "pa_context_connect": (c_int, [c_void_p, c_char_p, c_int, c_void_p]),
    "pa_context_set_state_callback": (None, [c_void_p, NotifyCallback, c_void_p]),
    "pa_context_get_state": (c_int, [c_void_p]),
    "pa_context_errno": (c_int, [c_void_p]),
    "pa_context_disconnect": (None, [c_void_p]),
    "pa_context_unref": (None, [c_void_p]),
    "pa_context_get_server_info": (c_void_p, [c_void_p, ServerCallback, c_void_p]),
    "pa_context_get_sink_info_list": (c_void_p, [c_void_p, DeviceCallback, c_void_p]),
    "pa_context_get_source_info_list": (c_void_p, [c_void_p, DeviceCallback, c_void_p]),
    "pa_context_get_sink_input_info_list": (c_void_p, [c_void_p, SinkInputCallback, c_void_p]),
    "pa_stream_new": (c_void_p, [c_void_p, c_char_p, POINTER(SampleSpec), c_void_p]),
    "pa_stream_set_state_callback": (None, [c_void_p, NotifyCallback, c_void_p]),
    "pa_stream_set_read_callback": (None, [c_void_p, RequestCallback, c_void_p]),
    "pa_stream_connect_record": (c_int, [c_void_p, c_char_p, POINTER(BufferAttr), c_int]),
    "pa_stream_get_state": (c_int, [c_void_p]),
    "pa_stream_readable_size": (c_size_t, [c_void_p]),
    "pa_stream_peek": (c_int, [c_void_p, POINTER(c_void_p), POINTER(c_size_t)]),
    "pa_stream_drop": (c_int, [c_void_p]),
    "pa_stream_unref": (None, [c_void_p]),
}


@cache
def libpulse() -> ctypes.CDLL:
    """The library with the types of its functions. Raises `AudioError` where it is not installed.

    Its calls let Python's lock go, so that a callback may run while one waits.
    """
    try:
        library = ctypes.CDLL("libpulse.so.0")
    except OSError as error:
        raise AudioError(
            "The library of the sound server was not found: install libpulse (on Debian: libpulse0)."
        ) from error
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
