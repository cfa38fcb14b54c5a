/*
 * The wrappers of the CUDA driver: cuda_driver.def, made by cuda_wrap.h. Each function has two: the exported one, and one
 * that is handed out where cuGetProcAddress names another address than the exported function's.
 */
#include "cuda_wrap.h"

#define SECOND(symbol) second_##symbol

#define CUDA_CALL(symbol, asked, per_thread, from, before, kind, parameters, arguments, ...) \
	CUDA_WRAP_CALL(SHIM_EXPORT, symbol, symbol, 0, BOX_CUDA_##kind, parameters, arguments, __VA_ARGS__) \
	CUDA_WRAP_CALL(static, SECOND(symbol), symbol, 1, BOX_CUDA_##kind, parameters, arguments, __VA_ARGS__)
#define CUDA_LAUNCH(symbol, asked, per_thread, from, before, parameters, arguments, ...) \
	CUDA_WRAP_LAUNCH(SHIM_EXPORT, symbol, symbol, 0, parameters, arguments, __VA_ARGS__) \
	CUDA_WRAP_LAUNCH(static, SECOND(symbol), symbol, 1, parameters, arguments, __VA_ARGS__)
#define CUDA_STATE(symbol, asked, per_thread, from, before, kind, parameters, arguments, after) \
	CUDA_WRAP_STATE(SHIM_EXPORT, symbol, symbol, 0, parameters, arguments, after) \
	CUDA_WRAP_STATE(static, SECOND(symbol), symbol, 1, parameters, arguments, after)
#define CUDA_PLAIN(symbol, asked, per_thread, from, before) \
	CUDA_WRAP_PLAIN(SHIM_EXPORT, symbol, symbol, 0) \
	CUDA_WRAP_PLAIN(static, SECOND(symbol), symbol, 1)
#include "cuda_driver.def"

/* cuda_resolve.c */
int cudaGetDriverEntryPoint(const char *, void **, unsigned long long, int *);
int cudaGetDriverEntryPoint_ptsz(const char *, void **, unsigned long long, int *);
int cudaGetDriverEntryPointByVersion(const char *, void **, unsigned, unsigned long long, int *);
int cudaGetDriverEntryPointByVersion_ptsz(const char *, void **, unsigned, unsigned long long, int *);
int cuGetProcAddress(const char *, void **, int, uint64_t);
int cuGetProcAddress_v2(const char *, void **, int, uint64_t, int *);
/* cuda_runtime.c */
#define CUDA_CALL(symbol, kind, parameters, ...) int symbol parameters;
#define CUDA_LAUNCH(symbol, parameters, ...) int symbol parameters;
#define CUDA_STATE(symbol, kind, parameters, ...) int symbol parameters;
#define CUDA_PLAIN(symbol) int symbol(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
#include "cuda_runtime.def"
void __cudaRegisterFunction(void **, const char *, char *, const char *, int, void *, void *, void *, void *, int *);
void __cudaUnregisterFatBinary(void **);

void *cuda_real[CUDA_ROWS][CUDA_FORMS];
const int cuda_row_count = CUDA_ROWS;

void *const cuda_wrappers[CUDA_ROWS][CUDA_FORMS] = {
#define CUDA_CALL(symbol, ...) { (void *)symbol, NULL },
#define CUDA_LAUNCH(symbol, ...) { (void *)symbol, NULL },
#define CUDA_STATE(symbol, ...) { (void *)symbol, NULL },
#define CUDA_PLAIN(symbol) { (void *)symbol, NULL },
#define CUDA_SPECIAL(symbol) { (void *)symbol, NULL },
#include "cuda_runtime.def"
#define CUDA_CALL(symbol, ...) { (void *)symbol, (void *)SECOND(symbol) },
#define CUDA_LAUNCH(symbol, ...) { (void *)symbol, (void *)SECOND(symbol) },
#define CUDA_STATE(symbol, ...) { (void *)symbol, (void *)SECOND(symbol) },
#define CUDA_PLAIN(symbol, ...) { (void *)symbol, (void *)SECOND(symbol) },
#define CUDA_SPECIAL(symbol) { (void *)symbol, NULL },
#include "cuda_driver.def"
};

const struct cuda_row cuda_rows[CUDA_ROWS] = {
#define CUDA_CALL(symbol, kind, ...) { #symbol, NULL, 0, 0, false, BOX_CUDA_##kind },
#define CUDA_LAUNCH(symbol, ...) { #symbol, NULL, 0, 0, false, BOX_CUDA_LAUNCH },
#define CUDA_STATE(symbol, kind, ...) { #symbol, NULL, 0, 0, false, BOX_CUDA_##kind },
#define CUDA_PLAIN(symbol) { #symbol, NULL, 0, 0, false, BOX_CUDA_OTHER },
#define CUDA_SPECIAL(symbol) { #symbol, NULL, 0, 0, false, BOX_CUDA_OTHER },
#include "cuda_runtime.def"
#define CUDA_CALL(symbol, asked, per_thread, from, before, kind, ...) { #symbol, #asked, from, before, per_thread, BOX_CUDA_##kind },
#define CUDA_LAUNCH(symbol, asked, per_thread, from, before, ...) { #symbol, #asked, from, before, per_thread, BOX_CUDA_LAUNCH },
#define CUDA_STATE(symbol, asked, per_thread, from, before, kind, ...) { #symbol, #asked, from, before, per_thread, BOX_CUDA_##kind },
#define CUDA_PLAIN(symbol, asked, per_thread, from, before) { #symbol, #asked, from, before, per_thread, BOX_CUDA_OTHER },
#define CUDA_SPECIAL(symbol) { #symbol, "", 0, 0, false, BOX_CUDA_OTHER }, /* asked for by cuda_resolve.c itself */
#include "cuda_driver.def"
};
