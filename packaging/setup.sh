#!/usr/bin/env bash
# Makes .venv with the locked dependencies and, on Debian as root, the system packages.
#   packaging/setup.sh run    what the program needs
#   packaging/setup.sh dev    and what its tests need
set -euo pipefail
cd "$(dirname "$0")/.."
kind=$1

# Sound devices and the sound server's client, then Qt and its xcb platform.
system_packages=(
    libportaudio2 libasound2-plugins libpulse0
    libegl1 libgl1 libdbus-1-3 libfontconfig1 libglib2.0-0
    libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1
    libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1
)
if [ "$kind" = dev ]; then
    # For the tests: the samples' synthesizer, codecs, a display with a font, a sound server.
    system_packages+=(
        flite
        libgsm1 libspeex1 libvo-amrwbenc0
        xvfb xauth fonts-dejavu-core
        pulseaudio pulseaudio-utils
    )
fi

is_installed() {  # Debian 13 and Ubuntu 24.04 have some libraries under a name that ends in t64.
    local name
    for name in "$1" "$1t64"; do
        if dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed'; then
            return 0
        fi
    done
    return 1
}

missing=()
if command -v dpkg-query >/dev/null; then
    for package in "${system_packages[@]}"; do
        is_installed "$package" || missing+=("$package")
    done
fi
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ]; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    else
        echo "Missing system packages; install them with: sudo apt-get install ${missing[*]}" >&2
    fi
fi

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Earwitness needs Python 3.11 or newer; set PYTHON to one." >&2
    exit 1
}
lock=packaging/requirements-$kind.txt
stamp=.venv/.installed-$kind
if ! [ "$stamp" -nt "$lock" ] || ! [ "$stamp" -nt pyproject.toml ]; then
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
    touch "$stamp"
fi
