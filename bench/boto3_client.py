"""One measurement of boto3: a job as JSON in, a sample as JSON out."""
import json
import resource
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

job = json.loads(sys.argv[1])
transfer, settings = TransferConfig(), Config()
if job["Tuned"]:
    transfer = TransferConfig(max_concurrency=24, multipart_chunksize=8 << 20)
    settings = Config(max_pool_connections=128)


class Stream:
    def read(self, size=-1):
        return sys.stdin.buffer.read(size)


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main(s3):
    work, bucket, key = job["Work"], job["Bucket"], "file.bin"
    if work == "upload":
        s3.upload_file(job["Path"], bucket, key, Config=transfer)
    elif work == "download":
        s3.download_file(bucket, key, job["Path"], Config=transfer)
    elif work == "stream":
        s3.upload_fileobj(Stream(), bucket, key, Config=transfer)
    elif work == "read":
        count, total = 0, 0
        for chunk in s3.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(1 << 20):
            count += len(chunk)
            total = zlib.crc32(chunk, total)
        return {"Count": count, "Sum": total}
    elif work in ("put", "get"):
        body = sys.stdin.buffer.read() if work == "put" else b""

        def one(i):
            name, size = f"small/{i:06d}", job["Size"]
            if work == "put":
                s3.put_object(Bucket=bucket, Key=name, Body=body[i * size:(i + 1) * size])
            elif len(s3.get_object(Bucket=bucket, Key=name)["Body"].read()) != size:
                raise ValueError(name)

        with ThreadPoolExecutor(job["AtOnce"]) as pool:
            list(pool.map(one, range(job["Count"])))
        return {"Count": job["Count"]}
    elif work in ("list", "poll"):
        count, total = 0, 0
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=job["Prefix"]):
            for item in page.get("Contents", []):
                if work == "list" or item["Key"].endswith("/status.json"):
                    count += 1
                    total = zlib.crc32(item["Key"].encode() + b"\n", total)
        return {"Count": count, "Sum": total}
    elif work == "delete":
        keys = sys.stdin.read().splitlines()
        for at in range(0, len(keys), 1000):
            batch = [{"Key": name} for name in keys[at:at + 1000]]
            errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True}).get("Errors")
            if errors:
                raise ValueError(errors[0])
    elif work == "start":
        with open(job["Path"], "rb") as file:
            s3.put_object(Bucket=bucket, Key="start.bin", Body=file)
    else:
        return None
    return {}


before, begin = cpu(), time.perf_counter()
client = boto3.client("s3", config=settings)
seen = main(client)
result = {"Wall": time.perf_counter() - begin, "CPU": cpu() - before}
if job["Work"] == "start":
    sys.exit()
if seen is None:
    result["Skipped"] = "has no such operation"
with open("/proc/self/status") as status:
    result["RSS"] = next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM:"))
result["Seen"] = seen or {}
json.dump(result, sys.stdout)
