-- What people select from. The tables below are in schema.sql, event and scope in rows.sql; examples are in examples.sql.

CREATE VIEW call_site AS             -- Python stacks, one row a frame
SELECT sf.site_id AS site,           -- event.site_id
  sf.position,                       -- 0 = innermost
  f.file, f.line, f.function,
  sf.position IS s.shown AS shown    -- 1: the innermost frame outside torch, the line to look at first
FROM site_frame sf
JOIN frame f ON f.id = sf.frame_id
JOIN site s ON s.id = sf.site_id;

CREATE VIEW operand AS               -- every operand and output of every event, one row each
SELECT e.id AS event_id,
  o.name AS operation,               -- "aten::cat"
  s.is_output,
  so.slot,                           -- order of appearance, from 0
  so.name,                           -- "tensors[1]", "dim", "output"
  so.kind,                           -- tensor, int, int[], bool, ...
  so.value,                          -- JSON of what isn't a tensor
  so.shape, so.strides, so.storage_offset, so.dtype, so.device, so.layout,
  so.tensor_index                    -- place among the event's identities: see tensor_use
FROM event e
JOIN signature s ON s.id IN (e.signature_id, e.output_signature_id)
JOIN operation o ON o.id = s.operation_id
JOIN signature_operand so ON so.signature_id = s.id;

CREATE VIEW signature_text AS        -- a signature's values as people write them: "[46,1024] f32, [45,1024] f32, dim=1"
SELECT s.id AS signature_id,
  coalesce((SELECT group_concat(text, ', ') FROM (
    SELECT CASE
      WHEN so.kind = 'tensor' THEN coalesce(so.shape, '[?]') || ' ' || CASE so.dtype
          WHEN 'float32' THEN 'f32' WHEN 'float64' THEN 'f64' WHEN 'float16' THEN 'f16' WHEN 'bfloat16' THEN 'bf16'
          WHEN 'int64' THEN 'i64' WHEN 'int32' THEN 'i32' WHEN 'int16' THEN 'i16' WHEN 'int8' THEN 'i8'
          WHEN 'uint8' THEN 'u8' ELSE so.dtype END
        || CASE WHEN so.device = 'cpu' THEN '' ELSE ' ' || so.device END
      WHEN s.is_output THEN coalesce(so.value, so.kind)
      ELSE so.name || '=' || coalesce(so.value, so.kind) END AS text
    FROM signature_operand so
    WHERE so.signature_id = s.id AND so.kind <> 'none'
    ORDER BY so.slot)), '') AS text
FROM signature s;

CREATE VIEW operation_log AS         -- one row an operation, to read
SELECT e.id AS event_id,
  e.step, e.phase, e.micro_batch,
  e.thread_id AS thread,
  o.name || CASE o.overload WHEN '' THEN '' ELSE '.' || o.overload END AS operation,
  replace(o.name, 'aten::', '') || '(' || (SELECT t.text FROM signature_text t WHERE t.signature_id = e.signature_id) || ')'
    || coalesce(' -> ' || (SELECT t.text FROM signature_text t WHERE t.signature_id = e.output_signature_id), '')
    AS operands,                     -- "cat([46,1024] f32, [45,1024] f32, dim=1) -> [46,2048] f32"
  (SELECT c.file || ':' || c.line || ' ' || c.function FROM call_site c
    WHERE c.site = e.site_id AND c.position = coalesce(si.shown, 0)) AS location,
  e.status,                          -- ok, failed, open (entered and never left)
  e.start_ns,                        -- Unix time, nanoseconds
  e.duration_ns
FROM event e
JOIN signature s ON s.id = e.signature_id
JOIN operation o ON o.id = s.operation_id
LEFT JOIN site si ON si.id = e.site_id;

CREATE VIEW size_history AS          -- what sizes each line gave to each operation, over the whole run
SELECT o.name AS operation,
  (SELECT c.file || ':' || c.line || ' ' || c.function FROM call_site c
    WHERE c.site = g.site_id AND c.position = coalesce(si.shown, 0)) AS location,
  (SELECT so.name FROM signature_operand so
    WHERE so.signature_id = g.signature_id AND so.tensor_index = s.tensor_index) AS name, -- of the operand; NULL if unknown
  s.tensor_index, s.dimension,
  g.calls, s.smallest, s.largest, s.at_largest, s.sizes, s.more,
  g.first_step, s.new_step
FROM call_size s
JOIN call_group g ON g.id = s.group_id
JOIN operation o ON o.id = g.operation_id
LEFT JOIN site si ON si.id = g.site_id;

CREATE VIEW failure AS               -- exceptions, and operations that were left by one, in order of time
SELECT n.id AS note_id,
  n.kind,                            -- fatal, exception (handled, or on its way), operation
  n.time_ns, n.event_id,
  CASE n.kind WHEN 'operation' THEN json_extract(n.text, '$.operation') END AS operation,
  coalesce(json_extract(n.text, '$.type'), json_extract(n.text, '$.exception.type')) AS type,
  coalesce(json_extract(n.text, '$.message'), json_extract(n.text, '$.exception.message')) AS message,
  coalesce(
    (SELECT json_extract(fr.value, '$.file') || ':' || json_extract(fr.value, '$.line') || ' ' || json_extract(fr.value, '$.function')
      FROM json_each(n.text, '$.frames') fr
      WHERE json_extract(fr.value, '$.file') NOT LIKE '%/site-packages/torch/%'
        AND json_extract(fr.value, '$.file') NOT LIKE '%/dist-packages/torch/%'
      ORDER BY fr.key LIMIT 1),
    (SELECT l.location FROM operation_log l WHERE l.event_id = n.event_id)) AS location,
  (SELECT l.operands FROM operation_log l WHERE l.event_id = n.event_id) AS operands
FROM note n
WHERE n.kind IN ('fatal', 'exception', 'operation')
UNION ALL
SELECT NULL, 'operation', l.start_ns, l.event_id, l.operation, NULL, NULL, l.location, l.operands
FROM operation_log l
WHERE l.status = 'failed' AND l.event_id NOT IN (SELECT event_id FROM note WHERE kind = 'operation' AND event_id IS NOT NULL);

CREATE VIEW tensor_use AS            -- where a tensor was used or made: the last two steps and every failure
SELECT et.tensor,                    -- identity, never reused within the process
  et.event_id, et.is_output,
  o.name AS operation,
  so.name, so.shape, so.strides, so.dtype, so.device
FROM event_tensor et
JOIN event e ON e.id = et.event_id
JOIN signature s ON s.id = CASE WHEN et.is_output THEN e.output_signature_id ELSE e.signature_id END
JOIN operation o ON o.id = s.operation_id
JOIN signature_operand so ON so.signature_id = s.id AND so.tensor_index = et.tensor_index;

CREATE VIEW cuda_log AS              -- CUDA calls, to read
SELECT c.id, c.step, c.thread_id AS thread, c.kind,
  f.name AS function,
  coalesce(k.name || '<<<' || c.grid || ', ' || c.block || '>>>', c.bytes || ' bytes') AS what,
  c.device, c.stream, c.result, c.captured,
  c.event_id,
  o.name AS operation,
  (SELECT s.file || ':' || s.line || ' ' || s.function FROM call_site s
    WHERE s.site = c.site_id AND s.position = coalesce(si.shown, 0)) AS location,
  c.time_ns
FROM cuda_call c
JOIN cuda_function f ON f.id = c.function_id
LEFT JOIN cuda_kernel k ON k.id = c.kernel_id
LEFT JOIN operation o ON o.id = c.operation_id
LEFT JOIN site si ON si.id = c.site_id;

CREATE VIEW memory_by_site AS        -- live memory by the line that allocated it; kind 'block' is what tensors hold
SELECT m.kind, m.device, count(*) AS pieces, sum(m.bytes) AS bytes, o.name AS operation,
  (SELECT s.file || ':' || s.line || ' ' || s.function FROM call_site s
    WHERE s.site = m.site_id AND s.position = coalesce(si.shown, 0)) AS location
FROM live_memory m
LEFT JOIN operation o ON o.id = m.operation_id
LEFT JOIN site si ON si.id = m.site_id
GROUP BY m.kind, m.device, m.operation_id, m.site_id;
