-- Every concatenation in the last step, with its operands' shapes and its line
SELECT event_id, operands, location
FROM operation_log
WHERE operation = 'aten::cat' AND step = (SELECT max(step) FROM event);

-- What failed, where, and with which operands
SELECT kind, type, message, location, operands
FROM failure
ORDER BY time_ns;

-- The sizes that each line gave to its matrix multiplications, and how often
SELECT l.location, o.name, o.shape, o.dtype, count(*) AS times
FROM operation_log l JOIN operand o USING (event_id)
WHERE l.operation IN ('aten::linear', 'aten::matmul', 'aten::mm', 'aten::addmm') AND o.kind = 'tensor'
GROUP BY l.location, o.is_output, o.slot, o.shape
ORDER BY times DESC;
