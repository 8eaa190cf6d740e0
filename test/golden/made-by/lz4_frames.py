# Prints test/golden/lz4-frames.json: LZ4 frames of every kind, by the reference library through the Python package lz4.
import base64, itertools, json, random, lz4, lz4.frame
rng = random.Random(7)
data = b"".join(bytes([rng.randrange(97, 103)]) * rng.randrange(1, 400) if rng.random() < 0.5 else rng.randbytes(rng.randrange(1, 30)) for _ in range(90))
data = b"".join(data + bytes([65 + i]) * 9000 for i in range(12))
frames = []
for linked, content, block, size in itertools.product([False, True], repeat=4):
    if (linked, content, block, size) not in [(False, False, False, False), (True, True, False, True), (True, False, True, False), (False, True, True, True)]: continue
    frames.append({"linked": linked, "contentChecksum": content, "blockChecksum": block, "contentSize": size,
        "base64": base64.b64encode(lz4.frame.compress(data, block_linked=linked, content_checksum=content, block_checksum=block, store_size=size, block_size=lz4.frame.BLOCKSIZE_MAX64KB, compression_level=12)).decode()})
noise = random.Random(8).randbytes(700)
frames.append({"stored": True, "bytes": 700, "base64": base64.b64encode(lz4.frame.compress(noise, store_size=False)).decode(), "noise": base64.b64encode(noise).decode()})
print(json.dumps({"writtenBy": f"lz4 {lz4.library_version_string()} through the Python package lz4 {lz4.__version__}", "bytes": len(data), "sha256": __import__("hashlib").sha256(data).hexdigest(), "frames": frames}, indent=1))
print(len(data), [len(f["base64"]) for f in frames], file=__import__("sys").stderr)
