/*
 * The column event.tensors: an event's tensor identities, packed. Format: "tensor_blob" in ARCHITECTURE.md.
 *
 * Pure functions on the caller's memory. A blob from a file is untrusted: decoding stops at its end and at ROOM.
 */
#ifndef SHAPEBOX_SCHEMA_TENSOR_BLOB_H
#define SHAPEBOX_SCHEMA_TENSOR_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that a blob of COUNT identities needs at most. */
#define TENSOR_BLOB_ROOM(count) (10 * ((size_t)(count) + 1))

/* Pack IDS (INPUTS operands, then OUTPUTS outputs) into BLOB of TENSOR_BLOB_ROOM(INPUTS + OUTPUTS) bytes. Returns the
 * bytes used. */
size_t tensor_blob_encode(const uint64_t *ids, size_t inputs, size_t outputs, uint8_t *blob);

/* Unpack BLOB of SIZE bytes: up to ROOM identities into IDS, how many of them are inputs and outputs. False if the
 * blob is damaged or needs more room; what was read so far is in place. */
bool tensor_blob_decode(const uint8_t *blob, size_t size, int64_t *ids, size_t room, size_t *inputs, size_t *outputs);

#endif
