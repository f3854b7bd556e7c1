"""Writes exception_arguments.json: which arguments Python's builtin exceptions can be made with.

Run by hand: python3 generate_exception_arguments.py exception_arguments.json (Python 3.11). No test needs Python.
"""
import base64, builtins, json, pickle, sys

items = [None, 1, True, 2.5, 'a', '', b'a', bytearray(b'a'), 2**63, 2**31, -1, ['a'], (), ('f.py', 1, 2, 'x'), ['f.py', 1, 2, 'x', 1, 3], 'abcd', [ValueError(1)], (ValueError(1), KeyError(2)),
         [KeyboardInterrupt()], [ValueError(1), 1], {'a': 1}]
texts = ['utf-8', b'a\xff', 1, 2, 'reason']
arguments = [(), *((item,) for item in items), *(('a', item) for item in items), *((1, item) for item in items), *(('a', item, 3) for item in items),
             ('utf-8', b'a\xff', 1, 2, 'reason'), ('utf-8', 'a\xff', 1, 2, 'reason'), ('a\xff', 1, 2, 'reason'), ('utf-8', bytearray(b'a'), 0, 1, 'r'), ('a', 'b', 1, 2), (1, b'a', 0, 1, 'r'),
             *(tuple(texts[:i] + [item] + texts[i + 1:]) for i in range(5) for item in items), *(tuple(['utf-8', 'a'] + texts[2:i] + [item] + texts[i + 1:]) for i in range(2, 5) for item in items),
             *(tuple((['a', 1, 2, 'r'])[:i] + [item] + (['a', 1, 2, 'r'])[i + 1:]) for i in range(4) for item in items)]
classes = sorted(name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException))
recorded, index = [], {}
for args in arguments:
    data = base64.b64encode(pickle.dumps(args)).decode()
    refused = []
    for name in classes:
        try:
            getattr(builtins, name)(*args)
        except Exception:
            refused.append(name)
    if data not in index:
        index[data] = True
        recorded.append({'repr': repr(args), 'args': data, 'refused': refused})
with open(sys.argv[1], 'w') as file:
    json.dump({'classes': classes, 'cases': recorded}, file, indent=0)
    file.write('\n')
print(len(classes), 'classes', len(recorded), 'arguments')
