"""Writes values.json: what Python 3.11 pickles, and what the tests expect.

Run by hand with tblib on the path, its version as the second argument:
PYTHONPATH=... python3 generate.py values.json 1.7.0
values.json holds the values of one run and the "exc_info" cases of two: tblib
1.7.0 (Debian) and 3.2.2 (labelled 3.x). No test needs Python. The classes under lithops and numpy are stand-ins with
the real names and the real pickled form.
"""
import base64, collections, copyreg, datetime as dt, decimal, enum, json, pickle, sys, types, uuid

def module(name):
    parts = name.split('.')
    for i in range(1, len(parts) + 1):
        n = '.'.join(parts[:i])
        sys.modules.setdefault(n, types.ModuleType(n))
        if i > 1:
            setattr(sys.modules['.'.join(parts[:i - 1])], parts[i - 1], sys.modules[n])
    return sys.modules[name]

def define(mod, name, base=object, **ns):
    cls = type(name, (base,), dict(ns, __module__=mod))
    setattr(module(mod), name, cls)
    return cls

CloudObject = define('lithops.storage.utils', 'CloudObject')
CustomError = define('shop.errors', 'StockError', Exception)
Point = define('shop.model', 'Point')
Color = None
class dtype:
    __module__ = 'numpy'
    def __init__(self, *a): self.a = a
    def __reduce__(self): return (dtype, (self.a[0], False, True), (3, self.a[1], None, None, None, -1, -1, 0))
    def __setstate__(self, s): pass
module('numpy').dtype = dtype
def scalar(d, raw): return Scalar(d, raw)
scalar.__module__ = 'numpy.core.multiarray'
module('numpy.core.multiarray').scalar = scalar
class Scalar:
    def __init__(self, d, raw): self.v = (d, raw)
    def __reduce__(self): return (scalar, self.v)

co = CloudObject(); co.backend, co.bucket, co.key = 'aws_s3', 'bkt', 'a/kéy'
part = CloudObject(); part.__dict__.update(co.__dict__, data_byte_range=(0, 9), chunk_size=10, part=1, total_parts=2, newline='\n')
point = Point(); point.x = 1; point.y = [2]
shared = ['s']
import struct
tz = dt.timezone(dt.timedelta(hours=5, minutes=30))
values = {
 'none': None, 'true': True, 'false': False, 'zero': 0, 'minus one': -1, 'byte': 255, 'word': 65535, 'int32': -2**31,
 'int64 max': 2**63-1, 'int64 min': -2**63, 'big': 2**63, 'big negative': -2**200, 'long1 limit': 256**255, 'float': 1.5, 'negative zero': -0.0,
 'inf': float('inf'), 'small float': 5e-324, 'complex': 1-2.5j, 'text': 'héllo\n\\u0041 \U0001f600', 'empty text': '',
 'quotes': '\'"', 'long text': 'x' * 300, 'surrogate': '\udc80x', 'bytes': bytes(range(256)), 'empty bytes': b'', 'long bytes': b'ab' * 200,
 'bytearray': bytearray(b'\x00\xff'), 'empty bytearray': bytearray(), 'list': [1, [2, []], 'a'], 'empty list': [], 'long list': list(range(1500)),
 'tuples': [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)], 'set': {1}, 'empty set': set(), 'frozenset': frozenset([1]), 'empty frozenset': frozenset(),
 'dict': {'a': 1, 2: 'b', (1, 'x'): None, None: 1.5, b'a': 3, frozenset([3]): 4}, 'empty dict': {}, 'long dict': {i: str(i) for i in range(20)},
 'shared': [shared, shared, (shared,)], 'datetime': dt.datetime(2024, 2, 29, 12, 34, 56, 789012),
 'datetime fold': dt.datetime(2024, 1, 2, fold=1), 'datetime utc': dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone.utc),
 'datetime zone': dt.datetime(2024, 2, 29, 12, tzinfo=tz), 'datetime named zone': dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-3), 'ART')),
 'date': dt.date(9999, 12, 31), 'time': dt.time(23, 59, 1, 2), 'timedelta': dt.timedelta(days=-1, microseconds=5),
 'decimal': decimal.Decimal('-1.50'), 'decimal nan': decimal.Decimal('NaN'), 'decimal exponent': decimal.Decimal('1E+3'),
 'cloudobject': co, 'partition': part, 'object': point, 'class': Point, 'builtin class': dict, 'function': len,
 'uuid': uuid.UUID(int=5), 'ordered dict': collections.OrderedDict([('b', 1), ('a', [2])]), 'deque': collections.deque([1, 2], 3),
 'defaultdict': collections.defaultdict(list, {'k': [1]}), 'range': range(1, 5, 2), 'slice': slice(1, None),
 'ValueError': ValueError('bad', 1), 'KeyError': KeyError('k'), 'OSError': OSError(2, 'No such file', '/x'), 'custom error': CustomError('gone', 3),
 'numpy f8': Scalar(dtype('f8', '<'), struct.pack('<d', 1.5)), 'numpy i4': Scalar(dtype('i4', '>'), struct.pack('>i', -7)),
 'numpy u8': Scalar(dtype('u8', '<'), b'\xff' * 8), 'numpy bool': Scalar(dtype('b1', '|'), b'\x01'), 'numpy f2': Scalar(dtype('f2', '<'), b'\0\0'),
}
out = {'python': sys.version.split()[0], 'values': [], 'messages': [], 'exc_info': []}
for name, v in values.items():
    for p in range(6):
        out['values'].append({'name': name, 'protocol': p, 'b64': base64.b64encode(pickle.dumps(v, p)).decode()})

def raised(f):
    try: f()
    except Exception as e: return e
errs = [ValueError(), ValueError('x'), ValueError('x', 2), KeyError('k'), KeyError(), KeyError(1, 2), OSError(2, 'No', 'f'), OSError(2, 'No'), OSError('only'),
  OSError(2, 'No', 'a', None, 'b'), ZeroDivisionError('division by zero'), CustomError('a', [1.0, None, True, b"it's", {'k': {1}}]), UnicodeDecodeError('utf-8', b'a\xff', 1, 2, 'invalid start byte'),
  UnicodeDecodeError('utf-8', b'a\xff\xfe', 1, 3, 'why'), raised(lambda: 'aé'.encode('ascii')), raised(lambda: '\U0001f600'.encode('ascii')), raised(lambda: 'éé'.encode('ascii')),
  raised(lambda: '\udc80'.encode()), ValueError(1e16), ValueError(1e-5), ValueError((1.0, 0.1, 123456789.0, 1e22)), ValueError('\x00é\u200b\'"', '\n'), ValueError("it's"), ValueError("it's",), StopIteration(5),
  ValueError((1,)), ValueError(float('inf'), float('-inf'), float('nan')), ValueError(1+2j, 2j, -0.0), ValueError(set(), frozenset(), frozenset([1]), bytearray(b'a')), ValueError(2**100), ValueError({}), ValueError('\udc80', 1)]
import traceback
for e in errs:
    out['messages'].append({'b64': base64.b64encode(pickle.dumps(e, 4)).decode(), 'type': type(e).__name__ if type(e).__module__ == 'builtins' else type(e).__module__ + '.' + type(e).__name__,
      'message': str(e).encode('utf-8', 'surrogatepass').decode('utf-8', 'backslashreplace') if not any(0xd800 <= ord(c) < 0xe000 for c in str(e)) else None})

def exc_infos(label):
    from tblib import pickling_support
    import tblib
    pickling_support.install()
    src = '''
def inner(n):
    if n: inner(n - 1)
    else: {}['k']
def chained():
    try: inner(0)
    except KeyError as e: raise ValueError('bad value') from e
def context():
    try: inner(0)
    except KeyError: raise RuntimeError('while', 'handling')
def deep(): inner(8)
def handler(): raise TimeoutError('HANDLER', 'Function exceeded maximum time of 5 seconds and was killed')
def custom(): raise StockError('gone', 3)
def oserror(): open('/no/such/file')
def noargs(): raise MemoryError()
'''
    ns = {'__name__': '__main__', 'StockError': CustomError}
    exec(compile(src, '/function/handler.py', 'exec'), ns)
    for fn in ['chained', 'context', 'deep', 'handler', 'custom', 'oserror', 'noargs']:
        try: ns[fn]()
        except Exception:
            t, v, tb = sys.exc_info()
            tb = tb.tb_next
            v.__traceback__ = tb
            data = pickle.dumps((t, v, tb))
            add(label, fn, data, t, v, tb)
            if fn == 'chained':
                fallback = pickle.dumps({'exc_type': str(t), 'exc_value': str(v), 'exc_traceback': tb, 'pickle_exception': TypeError("cannot pickle 'socket' object")})
                add(label, 'fallback', fallback, t, v, tb)

def add(label, name, data, t, v, tb):
    r = pickle.loads(data)
    v = r[1] if isinstance(r, tuple) else ValueError('bad value')
    tb = r[2] if isinstance(r, tuple) else r['exc_traceback']
    if isinstance(r, tuple) and v.__traceback__ is None: v = v.with_traceback(tb)
    v.__traceback__ = tb
    text = ''.join(traceback.format_exception(type(v), v, tb))
    out['exc_info'].append({'tblib': label, 'name': name, 'literal': str(data), 'text': text})

if len(sys.argv) > 2:
    import tblib
    exc_infos(sys.argv[2])
json.dump(out, open(sys.argv[1], 'w'), indent=0, ensure_ascii=True)
