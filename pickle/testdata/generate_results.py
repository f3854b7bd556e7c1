"""Writes results.json: what real Python classes look like as pickles, with Python's repr.

Run by hand with Debian's python3-numpy, python3-pandas and python3-cloudpickle:
/usr/bin/python3 generate_results.py results.json
No test needs Python.
"""
import array, base64, collections, dataclasses, datetime as dt, decimal, enum, fractions, functools, ipaddress, json, operator, pathlib, pickle, re, sys, types, typing, uuid, zoneinfo
import numpy as np, pandas as pd, cloudpickle

mod = types.ModuleType('shop'); sys.modules['shop'] = mod
def at_shop(cls):
    cls.__module__ = 'shop'; setattr(mod, cls.__name__, cls); return cls

Point = at_shop(collections.namedtuple('Point', 'x y'))
@at_shop
class Typed(typing.NamedTuple):
    a: int
    b: str = 'x'
@at_shop
@dataclasses.dataclass
class Item:
    name: str
    price: float
    tags: list = dataclasses.field(default_factory=list)
@at_shop
@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    a: int
    b: str
@at_shop
class Color(enum.Enum):
    RED = 1
    BLUE = 'b'
@at_shop
class Level(enum.IntEnum):
    LOW = 1
@at_shop
class Perm(enum.Flag):
    R = 4
    W = 2
@at_shop
class Plain:
    def __init__(self): self.a = 1; self.b = [2]
@at_shop
class Empty: pass
@at_shop
class Reduced:
    def __reduce__(self): return (Reduced, (1, 'a'))
@at_shop
class State:
    def __getstate__(self): return (1, 2)
    def __setstate__(self, s): pass
@at_shop
class MyList(list): pass
@at_shop
class MyDict(dict): pass
@at_shop
class MyInt(int): pass
@at_shop
class MyStr(str): pass
def rebuild(cls, x): return object.__new__(cls)
rebuild.__module__ = 'shop'; mod._rebuild = rebuild; rebuild.__qualname__ = rebuild.__name__ = '_rebuild'
@at_shop
class Rebuilt:
    def __reduce__(self): return (rebuild, (Rebuilt, 5))
def make(x): return None
make.__module__ = 'shop'; make.__qualname__ = make.__name__ = 'make_thing'; mod.make_thing = make
@at_shop
class Made:
    def __reduce__(self): return (make, (5,))
mylist = MyList([1, 2]); mydict = MyDict(a=1); mylist.note = 'n'

class Local:  # in __main__: cloudpickle writes it by value
    def __init__(self): self.x = 1
@dataclasses.dataclass
class LocalData:
    x: int
class LocalColor(enum.Enum):
    RED = 1

berlin = zoneinfo.ZoneInfo('Europe/Berlin')
values = {
 'Counter': collections.Counter('abca'), 'empty Counter': collections.Counter(), 'Counter ties': collections.Counter({'x': 1, 'y': 3, 'z': 1}),
 'OrderedDict': collections.OrderedDict([('b', 1), ('a', [2])]), 'empty OrderedDict': collections.OrderedDict(),
 'defaultdict': collections.defaultdict(list, {'k': [1]}), 'defaultdict None': collections.defaultdict(None, {1: 2}),
 'deque': collections.deque([1, 'a']), 'deque maxlen': collections.deque([1, 2], 3), 'empty deque': collections.deque(),
 'ChainMap': collections.ChainMap({'a': 1}, {'b': 2}), 'namedtuple': Point(1, 'y'), 'NamedTuple': Typed(1),
 'dataclass': Item('nut', 1.5, ['a']), 'slotted dataclass': Slotted(1, 'b'), 'Enum': Color.RED, 'Enum str': Color.BLUE, 'IntEnum': Level.LOW, 'Flag': Perm.R | Perm.W,
 'UUID': uuid.UUID(int=5), 'PurePosixPath': pathlib.PurePosixPath('/tmp/a b'), 'PosixPath': pathlib.PosixPath('x/y'), 'PosixPath dot': pathlib.PosixPath('.'), 'WindowsPath': pathlib.PureWindowsPath('C:\\a\\b'),
 'Fraction': fractions.Fraction(1, 3), 'Fraction int': fractions.Fraction(4), 'range': range(10), 'range step': range(1, 10, 2), 'slice': slice(1, None), 'slice step': slice(None, 5, 2),
 'ZoneInfo': berlin, 'datetime ZoneInfo': dt.datetime(2026, 7, 1, 12, 30, tzinfo=berlin), 'datetime fold ZoneInfo': dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=berlin), 'time zone': dt.time(1, 2, tzinfo=dt.timezone.utc),
 'timezone': dt.timezone.utc, 'timezone offset': dt.timezone(dt.timedelta(hours=2), 'X'),
 'Decimal': decimal.Decimal('1.50'), 'complex': 1+2j, 'Ellipsis': ..., 'NotImplemented': NotImplemented, 'bytes': b'a\xff', 'bytearray': bytearray(b'a'), 'array': array.array('i', [1, 2]), 'array d': array.array('d', [1.5]),
 'SimpleNamespace': types.SimpleNamespace(a=1, b='x'), 'object': Plain(), 'empty object': Empty(), 'bare object': object(), 'reduced': Reduced(), 'state': State(), 'list subclass': mylist, 'dict subclass': mydict, 'int subclass': MyInt(5), 'str subclass': MyStr('a'),
 'rebuilt': Rebuilt(), 'made': Made(), 'partial': functools.partial(int, '5', base=8), 're': re.compile('a+'), 're flags': re.compile('a+', re.I | re.M), 'itemgetter': operator.itemgetter(1), 'attrgetter': operator.attrgetter('a.b'),
 'IPv4Address': ipaddress.IPv4Address('10.0.0.1'), 'IPv6Network': ipaddress.ip_network('fe80::/64'), 'class': collections.OrderedDict, 'builtin class': int, 'function': len, 'method': [].append, 'iterator': iter([1, 2]), 'dict keys': type, 'memo': [Color.RED, Color.RED],
 'mapping in dict': {'c': collections.Counter('a'), 1: uuid.UUID(int=1)}, 'nested': [collections.deque([fractions.Fraction(1, 2)])],
 'np int64': np.int64(5), 'np float64': np.float64(1.5), 'np float32': np.float32(0.1), 'np float16': np.float16(0.5), 'np bool': np.bool_(True), 'np complex': np.complex128(1+2j), 'np str': np.str_('añ'), 'np bytes': np.bytes_(b'ab'),
 'np datetime64': np.datetime64('2024-02-29'), 'np datetime64 ns': np.datetime64('2024-02-29T12:34:56.789'), 'np timedelta64': np.timedelta64(5, 's'), 'np NaT': np.datetime64('NaT'),
 'np array int': np.array([1, 2, 3]), 'np array float': np.array([1.0, 2.5, -3e20]), 'np array 2d': np.arange(6).reshape(2, 3), 'np array fortran': np.asfortranarray(np.arange(6).reshape(2, 3)), 'np array int8': np.array([1, -2], dtype='i1'), 'np array u8': np.array([2**64 - 1], dtype='u8'),
 'np array big endian': np.array([1, 256], dtype='>i4'), 'np array bool': np.array([True, False]), 'np array f2': np.array([0.5, 65504], dtype='f2'), 'np array f4': np.array([0.1], dtype='f4'), 'np array complex': np.array([1+2j]), 'np array str': np.array(['a', 'bc', 'ñ\x00x']), 'np array bytes': np.array([b'a', b'bc']),
 'np array object': np.array([1, 'a', None], dtype=object), 'np array M8': np.array(['2024-02-29', 'NaT'], dtype='M8[D]'), 'np array m8': np.array([1, 2], dtype='m8[s]'), 'np array 0d': np.array(5), 'np array empty': np.array([]), 'np array empty 2d': np.zeros((0, 3)), 'np array 3d': np.zeros((2, 1, 2)), 'np array nan': np.array([np.nan, np.inf, -np.inf]), 'np array long': np.arange(2000),
 'np structured': np.array([(1, 2.5)], dtype=[('a', 'i4'), ('b', 'f8')]), 'np matrix': np.matrix([[1, 2]]), 'np masked': np.ma.array([1, 2], mask=[0, 1]), 'np dtype': np.dtype('f8'), 'np random': np.random.RandomState, 'np in dict': {'mean': np.float64(0.5), 'a': np.array([1])},
 'pd Timestamp': pd.Timestamp('2024-02-29 12:00'), 'pd Timestamp tz': pd.Timestamp('2024-02-29 12:00', tz='Europe/Berlin'), 'pd Timedelta': pd.Timedelta('1 days 2 hours'), 'pd NaT': pd.NaT, 'pd Series': pd.Series([1.5, 2.5], index=['a', 'b'], name='s'), 'pd DataFrame': pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']}), 'pd Index': pd.Index([1, 2, 3]), 'pd RangeIndex': pd.RangeIndex(3), 'pd DatetimeIndex': pd.DatetimeIndex(['2024-01-01']), 'pd Categorical': pd.Categorical(['a', 'b', 'a']), 'pd Interval': pd.Interval(0, 1), 'pd Period': pd.Period('2024-01'), 'pd NA': pd.NA,
}
by_value = {'cloudpickle object': Local(), 'cloudpickle dataclass': LocalData(1), 'cloudpickle enum': LocalColor.RED, 'cloudpickle class': Local, 'cloudpickle function': lambda x: x}
out = []
for name, v in values.items():
    for p in (2, 4, 5):
        try: raw = pickle.dumps(v, p)
        except Exception as e: print(name, p, e); continue
        out.append({'name': name, 'protocol': p, 'repr': repr(v), 'b64': base64.b64encode(raw).decode()})
for name, v in by_value.items():
    out.append({'name': name, 'protocol': 5, 'repr': repr(v), 'b64': base64.b64encode(cloudpickle.dumps(v)).decode()})
json.dump(out, open(sys.argv[1], 'w'), indent=0, ensure_ascii=True)
print(len(out), 'cases')
