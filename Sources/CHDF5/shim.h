#include <hdf5.h>
#include <string.h>

// Swift does not import macros that call H5open(), casts or versioned names; each is a function here.
static inline hid_t hf_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t hf_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t hf_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t hf_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t hf_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t hf_native_uint16(void) { return H5T_NATIVE_UINT16; }
static inline hid_t hf_c_string(void) { return H5T_C_S1; }

static inline hid_t hf_default(void) { return H5P_DEFAULT; }
static inline hid_t hf_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t hf_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t hf_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t hf_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t hf_all(void) { return H5S_ALL; }

static inline unsigned hf_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned hf_truncate(void) { return H5F_ACC_TRUNC; }

static inline herr_t hf_silence_errors(void) { return H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

// Links into other files are not followed by anything in this process: a store is one file, whatever it says.
static inline herr_t hf_refuse_external_links(void) { return H5Lunregister(H5L_TYPE_EXTERNAL); }

// Where an object lies in its file, which tells objects apart; 0 if that cannot be told.
static inline unsigned long long hf_object_address(hid_t object) {
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info;
  unsigned long long address = 0;
  if (H5Oget_info3(object, &info, H5O_INFO_BASIC) < 0) return 0;
  memcpy(&address, &info.token, sizeof address);
  return address;
#else
  H5O_info_t info;
  return H5Oget_info(object, &info) < 0 ? 0 : (unsigned long long)info.addr;
#endif
}

// Link names in native order. Every other order makes libhdf5 1.10 build a table of links, which it frees
// uninitialised when a large group is damaged.
typedef void (*hf_name_visitor)(const char *name, void *context);
struct hf_name_visit {
  hf_name_visitor visitor;
  void *context;
};
static inline herr_t hf_visit_link(hid_t group, const char *name, const H5L_info_t *info, void *data) {
  (void)group;
  (void)info;
  struct hf_name_visit *visit = (struct hf_name_visit *)data;
  visit->visitor(name, visit->context);
  return 0;
}
static inline herr_t hf_visit_names(hid_t group, hf_name_visitor visitor, void *context) {
  struct hf_name_visit visit = {visitor, context};
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, hf_visit_link, &visit);
}
