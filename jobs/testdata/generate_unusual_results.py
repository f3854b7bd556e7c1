"""Writes unusual_results.json: what a future of Python Lithops makes of unusual statuses.

Run by hand with Python Lithops 3.7.1.dev0 and tblib on the path: python3 generate_unusual_results.py unusual_results.json
The storage is a stand-in with a status and an output.pickle; lithops.future reads them. No test needs Python.
"""
import json, logging, pickle, sys, types
from lithops.future import ResponseFuture
from lithops.storage.utils import StorageNoSuchKeyError
from lithops.utils import create_futures_list

logging.disable(logging.CRITICAL)
storage_config = {'backend': 'aws_s3', 'aws_s3': {'storage_bucket': 'bucket'}}

def future(executor, job, call):
    described = types.SimpleNamespace(executor_id=executor, job_id=job, job_key=f'{executor}-{job}', function_name='f',
                                      execution_timeout=60, runtime_name='python', runtime_memory=256)
    made = ResponseFuture(call, described, {}, storage_config)
    made._set_invoked()
    return made

class Storage:
    def __init__(self, status, output): self.status, self.output = status, output
    def get_storage_config(self): return storage_config
    def get_call_status(self, *call): return json.loads(self.status)
    def get_call_output(self, *call): return self.output

def literal(value): return str(pickle.dumps(value))

base = {'exception': False, 'activation_id': 'a', 'worker_start_tstamp': 1.5, 'worker_end_tstamp': 2.5, 'type': '__end__'}
executor = types.SimpleNamespace(config={}, executor=None)
two = [future('e-1', 'M000', '00000'), future('e-1', 'M000', '00001')]
large = pickle.dumps('the output')
cases = {
    'an empty FuturesList': ({'func_result_size': 0.0, 'new_futures': literal(create_futures_list([], executor))}, None),
    'a FuturesList': ({'func_result_size': 0.0, 'new_futures': literal(create_futures_list(two, executor))}, None),
    'a list of futures': ({'func_result_size': 0.0, 'new_futures': literal(two)}, None),
    'a future': ({'func_result_size': 0.0, 'new_futures': literal(two[1])}, None),
    'no size needed by futures': ({'new_futures': literal(two)}, None),
    'None': ({'func_result_size': 0.0}, None),
    'None, and an output of another attempt': ({'func_result_size': 0.0}, large),
    'an output': ({'func_result_size': 9000.0}, large),
    'a size of null': ({'func_result_size': None}, large),
    'a size that is the text None': ({'func_result_size': 'None'}, large),
    'a size below one': ({'func_result_size': 0.5}, large),
    'a negative size': ({'func_result_size': -1}, large),
    'a size of null, and a result': ({'func_result_size': None, 'result': literal([1])}, large),
    'a handler that says more': ({'exception': True, 'exc_info': literal((ValueError, ValueError('HANDLER', 'too long', 3), None))}, None),
    'a handler that says it': ({'exception': True, 'exc_info': literal((TimeoutError, TimeoutError('HANDLER', 'too long'), None))}, None),
}
recorded = []
for name, (fields, output) in cases.items():
    status = json.dumps(base | fields)
    case = {'name': name, 'status': status, 'output': output.decode('latin-1') if output else ''}
    waiting = future('e-0', 'M000', '00000')
    try:
        value = waiting.result(internal_storage=Storage(status, output), retries=1)
        if waiting.futures:
            case['futures'] = ['/'.join([f.job_key, f.call_id]) for f in value]
        else:
            case['repr'] = repr(value)
    except Exception as raised:
        case['type'], case['message'] = type(raised).__name__, str(raised)
    recorded.append(case)
with open(sys.argv[1], 'w') as file:
    json.dump(recorded, file, indent=1)
    file.write('\n')
