// Result<T>: a value or an Error. Expected outcomes travel in it; exceptions are for what ends the
// operation and stop at the writer and the reader. As thread-safe as T.
#pragma once

#include <optional>
#include <utility>

#include "coupond/core/error.h"

namespace coupon::core {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::move(error)) {}
  Result(Reason reason) : error_{.reason = reason, .message = {}} {}

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }

  // Call only when ok(); otherwise throws std::bad_optional_access, which is a bug of the caller.
  T& value() & { return value_.value(); }
  const T& value() const& { return value_.value(); }
  T&& value() && { return std::move(value_).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }

  // Call only when !ok().
  Error& error() { return error_; }
  const Error& error() const { return error_; }

 private:
  // Not a variant: that is the most expensive header of the library to instantiate.
  std::optional<T> value_;
  Error error_ = {};
};

// The value of an operation that has none.
struct Done {};

}  // namespace coupon::core
