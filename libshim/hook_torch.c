/*
 * The wrappers around PyTorch's own functions (rows of hooks.def). They decide nothing: they tell the recorder, and
 * call the real function, exactly once, with the same arguments, unless it would do nothing but cost time.
 */
#include <stdint.h>

#include "group.h"
#include "hooks.h"
#include "identity.h"
#include "install.h"
#include "record.h"
#include "shim.h"
#include "torch.h"

/* std::optional<at::StepCallbacks> at::getStepCallbacksUnlessEmpty(at::RecordScope): the result is built in RESULT. */
static void *(*step_callbacks)(void *, uint8_t); /* the real one */

/* An empty optional: nothing else of it is ever read. */
static inline void *
nobody(void *result)
{
	((uint8_t *)result)[torch.step_engaged] = 0;
	return result;
}

/* For what record_skips doesn't skip. (Apart: most operations are nested ones.) */
static __attribute__((noinline)) void *
heard(void *result, uint8_t scope)
{
	if (__builtin_expect(!install_is_recording(), 0)) {
		step_callbacks = (void *(*)(void *, uint8_t))hook_real(HOOK_STEP_CALLBACKS);
		install_now();
		return step_callbacks(result, scope);
	}
	if (scope == BOX_SCOPE_FUNCTION && record_skips_apart())
		return nobody(result);
	step_callbacks(result, scope);
	if (scope == BOX_SCOPE_FUNCTION) {
		if (__builtin_expect(((const uint8_t *)result)[torch.step_engaged], 1))
			record_heard(result);
		else
			record_blind();
	}
	return result;
}

SHIM_EXPORT void *
_ZN2at27getStepCallbacksUnlessEmptyENS_11RecordScopeE(void *result, uint8_t scope)
{
	if (scope == BOX_SCOPE_FUNCTION && record_skips() && __builtin_expect(install_is_recording(), 1))
		return nobody(result);
	return heard(result, scope);
}

/* at::StepCallbacks at::getStepCallbacks(at::RecordScope): asked before every range that C++ code marks by RECORD_FUNCTION,
 * the engine's before each node among them, whose name costs more to make than most operations to record. Of scope
 * FUNCTION they are no dispatcher calls, and not recorded. */
SHIM_EXPORT void *
_ZN2at16getStepCallbacksENS_11RecordScopeE(void *result, uint8_t scope)
{
	void *(*real)(void *, uint8_t) = (void *(*)(void *, uint8_t))hook_real(HOOK_RANGE_CALLBACKS);

	real(result, scope);
	if (scope == BOX_SCOPE_FUNCTION && torch.ranges_known && __builtin_expect(install_is_recording(), 1) &&
	    torch_step_is_ours(result))
		torch_step_clear(result);
	return result;
}

/* void at::set_record_function_tls_(const RecordFunctionTLS &): the thread's list of whom to call is made anew for all ten scopes.
 * That list depends on nothing but what is set here and the global callbacks, whose changes are looked for wherever it is used
 * (LocalCallbackManager in ATen/record_function.cpp). So to set what is set already changes nothing. */
SHIM_EXPORT void
_ZN2at24set_record_function_tls_ERKNS_17RecordFunctionTLSE(const struct torch_record_tls *wanted)
{
	void (*real)(const void *) = (void (*)(const void *))hook_real(HOOK_RECORD_TLS);

	if (__builtin_expect(install_is_recording(), 1) && torch.record_tls && !torch_tls_differs(torch.record_tls(), wanted))
		return;
	real(wanted);
}

#define RUN_RECORD \
	_ZN3c1010Dispatcher17runRecordFunctionERN2at14RecordFunctionESt17reference_wrapperIKNS_14FunctionSchemaEENS_11DispatchKeyENS_14DispatchKeySetENS_8ArrayRefIKNS_6IValueEEE
#define RUN_RECORD_BARE \
	_ZN3c1010Dispatcher17runRecordFunctionERN2at14RecordFunctionESt17reference_wrapperIKNS_14FunctionSchemaEENS_11DispatchKeyENS_14DispatchKeySetE

/* A dispatcher call is about to be announced. True: record_announced is to follow. */
static inline bool
announce(const void *record, const void *schema, const struct torch_value *values, size_t count)
{
	if (__builtin_expect(install_is_recording(), 1)) {
		record_announce(schema, values, count);
		return true;
	}
	if (torch_is_learning())
		torch_saw_call(record, schema, values, count);
	return false;
}

/* c10::Dispatcher::runRecordFunction(RecordFunction &, reference_wrapper<FunctionSchema const>, DispatchKey,
 * DispatchKeySet, ArrayRef<IValue const>): only dispatcher calls come by here. */
SHIM_EXPORT void
RUN_RECORD(void *record, const void *schema, uint16_t key, uint64_t keys, const struct torch_value *values, size_t count)
{
	void (*real)(void *, const void *, uint16_t, uint64_t, const void *, size_t) =
		(void (*)(void *, const void *, uint16_t, uint64_t, const void *, size_t))hook_real(HOOK_RUN_RECORD);

	bool announced = announce(record, schema, values, count);
	real(record, schema, key, keys, values, count);
	if (__builtin_expect(announced, 1))
		record_announced();
}

/* The same without arguments (nobody asked for inputs, which we always do: seen only if our callback isn't there). */
SHIM_EXPORT void
RUN_RECORD_BARE(void *record, const void *schema, uint16_t key, uint64_t keys)
{
	void (*real)(void *, const void *, uint16_t, uint64_t) =
		(void (*)(void *, const void *, uint16_t, uint64_t))hook_real(HOOK_RUN_RECORD_BARE);

	real(record, schema, key, keys);
}

/* Both as PyTorch had them until 2.3: without the DispatchKeySet. */
#define RUN_RECORD_23 \
	_ZN3c1010Dispatcher17runRecordFunctionERN2at14RecordFunctionESt17reference_wrapperIKNS_14FunctionSchemaEENS_11DispatchKeyENS_8ArrayRefIKNS_6IValueEEE
#define RUN_RECORD_BARE_23 \
	_ZN3c1010Dispatcher17runRecordFunctionERN2at14RecordFunctionESt17reference_wrapperIKNS_14FunctionSchemaEENS_11DispatchKeyE

SHIM_EXPORT void
RUN_RECORD_23(void *record, const void *schema, uint16_t key, const struct torch_value *values, size_t count)
{
	void (*real)(void *, const void *, uint16_t, const void *, size_t) =
		(void (*)(void *, const void *, uint16_t, const void *, size_t))hook_real(HOOK_RUN_RECORD_23);

	bool announced = announce(record, schema, values, count);
	real(record, schema, key, values, count);
	if (__builtin_expect(announced, 1))
		record_announced();
}

SHIM_EXPORT void
RUN_RECORD_BARE_23(void *record, const void *schema, uint16_t key)
{
	void (*real)(void *, const void *, uint16_t) = (void (*)(void *, const void *, uint16_t))hook_real(HOOK_RUN_RECORD_BARE_23);

	real(record, schema, key);
}

static void
tensor_ends(const void *impl)
{
	if (__builtin_expect(install_is_recording(), 1))
		identity_end(impl);
	else if (torch_is_learning())
		torch_saw_death(impl);
}

/* c10::TensorImpl::~TensorImpl(), complete object: reached through the vtable's deleting destructor. */
SHIM_EXPORT void
_ZN3c1010TensorImplD1Ev(void *impl)
{
	void (*real)(void *) = (void (*)(void *))hook_real(HOOK_TENSOR_DESTROY);

	tensor_ends(impl);
	if (real)
		real(impl);
}

/* The same as a base: reached by the destructors of derived classes. */
SHIM_EXPORT void
_ZN3c1010TensorImplD2Ev(void *impl)
{
	void (*real)(void *) = (void (*)(void *))hook_real(HOOK_TENSOR_DESTROY_BASE);

	tensor_ends(impl);
	if (real)
		real(impl);
}

/* void c10d::ProcessGroup::setGroupName(const std::string &): once for each group, by whoever makes it. */
SHIM_EXPORT void
_ZN4c10d12ProcessGroup12setGroupNameERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE(void *group, const void *name)
{
	void (*real)(void *, const void *) = (void (*)(void *, const void *))hook_real(HOOK_GROUP_NAME);

	real(group, name);
	group_made(group);
}

SHIM_EXPORT void
_ZN4c10d12ProcessGroup12setGroupNameERKSs(void *group, const void *name)
{
	void (*real)(void *, const void *) = (void (*)(void *, const void *))hook_real(HOOK_GROUP_NAME_OLD);

	real(group, name);
	group_made(group);
}
