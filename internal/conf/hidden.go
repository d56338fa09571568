package conf

// Hidden holds a value that no way of printing shows. Package fmt, and whatever
// else prints by reflection, walks through unexported fields, pointers and maps
// without calling the methods of what it meets there, but nothing can look into a
// function. Whoever keeps a secret, or what is made of one, keeps it as Hidden.
type Hidden[T any] func() T

// Hide hides v. Calling the result gives it back.
func Hide[T any](v T) Hidden[T] { return func() T { return v } }
